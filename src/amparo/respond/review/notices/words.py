"""What a person who told is told, in Spanish or English: what was done, in plain words."""

from types import MappingProxyType

from amparo.respond.review.notices.model import Outcome

WAITING = MappingProxyType(
    {
        "en": "We have your notice and will answer it.",
        "es": "Tenemos su aviso y lo responderemos.",
    }
)

DONE = MappingProxyType(
    {
        Outcome.REMOVED: {
            "en": "We have removed what you told us about.",
            "es": "Hemos retirado el contenido del que nos avisó.",
        },
        Outcome.RESTRICTED: {
            "en": "We have limited who can see what you told us about.",
            "es": "Hemos limitado quién puede ver el contenido del que nos avisó.",
        },
        Outcome.KEPT: {
            "en": "We have considered your notice. What you told us about stays where it is.",
            "es": "Hemos considerado su aviso. El contenido permanece.",
        },
        Outcome.NOT_FOUND: {
            "en": "We could not find it with what you gave us.",
            "es": "No pudimos encontrarlo con los datos que nos dio.",
        },
        Outcome.PASSED_ON: {
            "en": "We have passed it on to those who must deal with it.",
            "es": "Lo hemos pasado a quienes deben ocuparse de ello.",
        },
    }
)
