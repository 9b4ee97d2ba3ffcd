"""Signing in over HTTP, and who is signed in."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class SignIn(BaseModel):
    """What somebody types; `code` is the telephone's, or one on paper."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=500, json_schema_extra={"format": "password"})]
    code: Annotated[str, Field(max_length=40)]


class SessionAnswer(BaseModel):
    """Who is signed in; every call that changes something carries `form_token`."""

    person: UUID
    name: str
    roles: list[str]
    language: str
    form_token: str
