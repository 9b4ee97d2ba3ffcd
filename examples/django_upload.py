"""A platform with one form field: a picture goes up unless Amparo says otherwise.

AMPARO_URL=http://127.0.0.1:8080 AMPARO_KEY=amparo_… python examples/django_upload.py
curl -F file=@picture.jpg http://127.0.0.1:8000/pictures
"""

import os

import django
from django import forms
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from amparo.client import Amparo, Patience
from amparo.client.guards.django import Guarded, decision_of  # 1 of 3

settings.configure(
    ROOT_URLCONF=__name__, SECRET_KEY=os.urandom(32).hex(), ALLOWED_HOSTS=["127.0.0.1"]
)
django.setup()
guarded = Guarded(Amparo(patience=Patience(total_s=10)))  # 2 of 3


class Picture(forms.Form):
    """What is uploaded."""

    file = forms.FileField(validators=[guarded])  # 3 of 3


@csrf_exempt  # curl has no page that could carry a token
def take(request: HttpRequest) -> JsonResponse:
    """Only what has gone through the guard is in a valid form."""
    form = Picture(request.POST, request.FILES)
    if not form.is_valid():
        status = 503 if form.has_error("file", "try_later") else 422
        return JsonResponse({"detail": form.errors["file"][0]}, status=status)
    file = form.cleaned_data["file"]
    decision = decision_of(file)
    said = {
        "name": file.name,
        "bytes": len(file.read()),
        "media_id": decision and decision.media_id,
    }
    return JsonResponse(said, status=201)


urlpatterns = [path("pictures", take)]

if __name__ == "__main__":
    port = os.environ.get("PORT", "8000")
    execute_from_command_line(["", "runserver", "--noreload", f"127.0.0.1:{port}"])
