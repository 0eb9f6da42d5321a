"""Codes, by the vectors of the standard."""

import pytest

from accounts import codes

RFC_KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B: "12345678901234567890"


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(at, code):
    assert codes.totp(RFC_KEY, codes.step_at(at)) == code


@pytest.mark.parametrize(
    ("shift", "found"), [(-61, None), (-60, None), (-30, 99), (0, 100), (29, 100), (30, 101), (60, None)]
)
def test_one_step_of_drift_either_way(shift, found):
    at = 100 * 30
    token = codes.totp(RFC_KEY, codes.step_at(at + shift))
    assert codes.matching_step(RFC_KEY, token, at=at) == found


@pytest.mark.parametrize("typed", ["287 082", " 287082 ", "287-082"])
def test_blanks_in_a_code_do_not_matter(typed):
    assert codes.matching_step(RFC_KEY, typed, at=59) == 1


@pytest.mark.parametrize("typed", ["", "28708", "2870821", "abcdef", "٢٨٧٠٨٢", "２８７０８２", "287082\x00"])
def test_what_is_no_code_is_none(typed):
    assert codes.matching_step(RFC_KEY, typed, at=59) is None


@pytest.mark.parametrize(
    ("typed", "is_code"),
    [
        ("123456", True),
        ("123 456", True),
        ("12345", False),
        ("abcde-fghjk-mnpqr-stuvw", False),
        ("１２３４５６", False),
    ],
)
def test_the_form_tells_a_code_from_a_recovery_code(typed, is_code):
    assert codes.is_totp(typed) is is_code


def test_recovery_codes_are_ten_different_ones_of_99_bits():
    fresh = codes.new_recovery_codes()
    assert len(set(fresh)) == 10
    assert {len(code) for code in fresh} == {23}
    assert len(codes.RECOVERY_ALPHABET) ** 20 > 2**98


@pytest.mark.parametrize(
    "change", [str.upper, lambda c: c.replace("-", ""), lambda c: c.replace("-", " "), lambda c: f" {c} "]
)
def test_a_recovery_code_may_be_typed_in_any_spelling(change):
    code = codes.new_recovery_codes()[0]
    assert codes.recovery_digest(change(code)) == codes.recovery_digest(code)


@pytest.mark.parametrize(
    "typed", ["", "abc", "abcde-fghjk-mnpqr-stuv", "abcde-fghjk-mnpqr-stuv0", "abcde-fghjk-mnpqr-stuvwx"]
)
def test_what_cannot_be_a_recovery_code_has_no_digest(typed):
    assert codes.recovery_digest(typed) is None


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("jbsw y3dp ehpk 3pxp", "JBSWY3DPEHPK3PXP"),
        (RFC_KEY, RFC_KEY),
        ("JBSWY3DPEHPK3PXP====", "JBSWY3DPEHPK3PXP"),
        ("", None),
        ("JBSWY3DP", None),
        ("not base32 at all!", None),
        ("0189018901890189", None),
    ],
)
def test_keys_are_brought_into_one_form(typed, stored):
    assert codes.clean_totp_key(typed) == stored


def test_a_new_key_has_160_bits_and_is_shown_in_groups():
    key = codes.new_totp_key()
    assert len(key) == 32
    assert codes.clean_totp_key(key) == key
    assert codes.grouped("ABCDEFGHIJ") == "ABCD EFGH IJ"
