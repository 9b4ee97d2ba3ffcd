"""Errors on the network: problem details as RFC 9457 has them."""

from pydantic import BaseModel


class Problem(BaseModel):
    """What went wrong; `code` is stable, `detail` is for people and names the next step."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
