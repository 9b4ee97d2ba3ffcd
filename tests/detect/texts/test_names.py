"""Addresses and account names come to one form, and nothing is assumed of dots and plus signs."""

import pytest

from amparo.core.errors import Invalid
from amparo.detect.texts.names import account, accounts_of, email


def test_letters_of_an_address_are_folded_and_its_domain_is_as_the_network_writes_it() -> None:
    assert email(" Ｓome.One+Tag@BÜCHER.example. ") == "some.one+tag@xn--bcher-kva.example"


def test_dots_and_plus_signs_make_a_difference() -> None:
    assert len({email(f"{name}@example.org") for name in ("ab", "a.b", "ab+c")}) == 3


def test_an_account_may_be_of_a_service() -> None:
    assert account("Chat.App: @ＺORVI  mel") == "chat.app:zorvi mel"
    assert account("@zorvi") == account("ZORVI") == "zorvi"
    assert accounts_of("chat:zorvi") == ("chat:zorvi", "zorvi")
    assert accounts_of("zorvi") == ("zorvi",)


def test_a_name_of_one_service_is_not_taken_for_an_account_of_another() -> None:
    assert accounts_of("chat:game:zorvi") == ("chat:game:zorvi",)


@pytest.mark.parametrize(
    "wrong", ["", "@", "a@", "@b.example", "a b@c.example", "a@b", "a\x00@b.example", "a@b c.d",
              "a" * 321 + "@b.example", "\ud800@b.example",
              "a@*.b.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(Invalid) as told:
        email(wrong)
    assert "example" not in told.value.message


@pytest.mark.parametrize("wrong", ["", " ", "@", "a\x07", "\udfff", "x" * 321])
def test_what_is_no_account_is_refused(wrong: str) -> None:
    with pytest.raises(Invalid):
        account(wrong)
