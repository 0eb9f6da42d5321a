"""Signed identities: the right ones are read, every forgery gets the same answer."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from accounts.choices import Algorithm
from accounts.identity import IdentityInvalid, check_key, verify_identity
from accounts.models import Issuer, IssuerKey
from core.errors import NotAllowed
from tests.accounts.forgery import (
    EC_KEY,
    EC_KEY_384,
    ED_KEY,
    OTHER_SECRET,
    RSA_KEY,
    SECRET,
    b64,
    private_pem,
    public_pem,
    raw_token,
    signed,
    token,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
numbers = count(1)


def claims(**changes):
    """Good claims, with changes; ... leaves a claim out."""
    good = {
        "iss": "larkfield-login",
        "aud": "larkfield",
        "sub": "customer-7",
        "iat": AT - 5,
        "exp": AT + 295,
        "jti": f"once-{next(numbers)}",
    }
    return {name: value for name, value in (good | changes).items() if value is not ...}


@pytest.fixture
def issuer(site):
    issuer = Issuer.objects.create(site=site, name="larkfield-login")
    IssuerKey.objects.create(issuer=issuer, algorithm=Algorithm.HS256, key=SECRET)
    return issuer


@pytest.fixture
def many_keys(site, other_site):
    """An issuer with one key of each kind, a switched-off one, and another site with an issuer of the same name."""
    issuer = Issuer.objects.create(site=site, name="larkfield-login")
    for kid, algorithm, key in (
        ("hs", Algorithm.HS256, SECRET),
        ("es", Algorithm.ES256, public_pem(EC_KEY)),
        ("ed", Algorithm.EDDSA, public_pem(ED_KEY)),
        ("weak", Algorithm.HS256, "short"),
        ("384", Algorithm.ES256, public_pem(EC_KEY_384)),
        ("rsa", Algorithm.ES256, public_pem(RSA_KEY)),
        ("pem-as-secret", Algorithm.HS256, public_pem(EC_KEY)),
    ):
        IssuerKey.objects.create(issuer=issuer, kid=kid, algorithm=algorithm, key=key)
    IssuerKey.objects.create(issuer=issuer, kid="old", algorithm=Algorithm.HS256, key=SECRET, is_active=False)
    closed = Issuer.objects.create(site=site, name="closed", is_active=False)
    IssuerKey.objects.create(issuer=closed, kid="hs", algorithm=Algorithm.HS256, key=SECRET)
    stranger = Issuer.objects.create(site=other_site, name="larkfield-login")
    IssuerKey.objects.create(issuer=stranger, kid="theirs", algorithm=Algorithm.HS256, key=OTHER_SECRET)
    return issuer


def test_a_good_token_is_read(site, issuer):
    given = claims(
        name=" Wei\nChen ",
        email="wei@mail.example",
        locale="zh-TW",
        tier="gold",
        attributes={"uid": "7", "vip": True, "level": 3},
        nonce="n-1",
    )
    identity = verify_identity(token(given), site=site, now=NOW)
    assert identity.site_id == site.pk
    assert identity.issuer_id == issuer.pk
    assert identity.subject == "customer-7"
    assert identity.jti == given["jti"]
    assert identity.expires_at == NOW + timedelta(seconds=355)
    assert identity.name == "Wei Chen"
    assert identity.email == "wei@mail.example"
    assert identity.language == "zh-hant"
    assert identity.tier == "gold"
    assert identity.attributes == (("uid", "7"), ("vip", True), ("level", 3))
    assert identity.nonce == "n-1"


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"name": "Larkfield Support ✓"}, "name", ""),
        ({"name": "x" * 500}, "name", "x" * 80),
        ({"name": None}, "name", ""),
        ({"email": "not an address"}, "email", ""),
        ({"locale": "tlh"}, "language", ""),
        ({"tier": "t" * 90}, "tier", "t" * 40),
        ({"attributes": {"a": "v" * 500}}, "attributes", (("a", "v" * 200),)),
        ({"aud": "larkfield", "iat": AT + 59, "exp": AT + 120}, "subject", "customer-7"),
        ({"iat": AT - 600, "exp": AT}, "subject", "customer-7"),
        ({"iat": AT - 640, "exp": AT - 59}, "subject", "customer-7"),
        ({"iat": AT - 5.5, "exp": AT + 100.5}, "subject", "customer-7"),
        ({"nbf": AT}, "subject", "customer-7"),
        ({"unknown": [1]}, "subject", "customer-7"),
    ],
)
def test_what_describes_is_brought_into_form(site, issuer, changes, field, value):
    assert getattr(verify_identity(token(claims(**changes)), site=site, now=NOW), field) == value


def test_every_algorithm_is_accepted_from_its_own_key(site, many_keys):
    for good in (
        token(claims(), header={"kid": "hs"}),
        signed(claims(), EC_KEY, "ES256", kid="es"),
        signed(claims(), ED_KEY, "EdDSA", kid="ed"),
    ):
        assert verify_identity(good, site=site, now=NOW).subject == "customer-7"


def forged_times():
    yield "expired", claims(iat=AT - 400, exp=AT - 61)
    yield "expired at the edge of the skew", claims(iat=AT - 400, exp=AT - 60)
    yield "from the future", claims(iat=AT + 61, exp=AT + 200)
    yield "lives too long", claims(iat=AT, exp=AT + 601)
    yield "lives for a year", claims(iat=AT, exp=AT + 31_536_000)
    yield "ends before it begins", claims(iat=AT, exp=AT - 1)
    yield "ends as it begins", claims(iat=AT, exp=AT)
    yield "not yet", claims(nbf=AT + 100)
    yield "iat as text", claims(iat=str(AT))
    yield "exp as text", claims(exp=str(AT + 100))
    yield "exp as a list", claims(exp=[AT + 100])
    yield "exp true", claims(exp=True)
    yield "exp null", claims(exp=None)
    yield "iat null", claims(iat=None)
    yield "iat negative", claims(iat=-1, exp=AT + 100)
    yield "exp beyond all time", claims(exp=10**400)
    yield "nbf as text", claims(nbf="now")
    yield "times in milliseconds", claims(iat=AT * 1000, exp=AT * 1000 + 300_000)


def forged_claims():
    for name in ("iss", "aud", "sub", "iat", "exp", "jti"):
        yield f"without {name}", claims(**{name: ...})
    for name in ("iss", "aud", "sub", "jti"):
        yield f"{name} null", claims(**{name: None})
        yield f"{name} empty", claims(**{name: ""})
        yield f"{name} as a list", claims(**{name: [claims()[name]]})
        yield f"{name} as a number", claims(**{name: 7})
        yield f"{name} as an object", claims(**{name: {"a": 1}})
    yield "another audience", claims(aud="other")
    yield "several audiences", claims(aud=["larkfield", "other"])
    yield "audience in capitals", claims(aud="LARKFIELD")
    yield "unknown issuer", claims(iss="somebody")
    yield "issuer in capitals", claims(iss="Larkfield-Login")
    yield "subject of 201 characters", claims(sub="s" * 201)
    yield "subject with NUL", claims(sub="a\x00b")
    yield "subject with blanks around", claims(sub=" customer-7 ")
    yield "subject with half a surrogate", claims(sub="\ud800")
    yield "jti of 201 characters", claims(jti="j" * 201)
    for name in ("name", "email", "locale", "tier", "nonce"):
        yield f"{name} as a list", claims(**{name: ["x"]})
        yield f"{name} as a number", claims(**{name: 7})
    yield "attributes as a list", claims(attributes=["a"])
    yield "attributes with a list", claims(attributes={"a": [1]})
    yield "attributes with an object", claims(attributes={"a": {"b": 1}})
    yield "too many attributes", claims(attributes={f"a{n}": n for n in range(21)})
    yield "attributes with a long name", claims(attributes={"n" * 41: 1})


def forged_headers():
    yield "alg none", {"alg": "none"}
    yield "alg None", {"alg": "None"}
    yield "alg missing", {"alg": ...}
    yield "alg null", {"alg": None}
    yield "alg as a list", {"alg": ["HS256"]}
    yield "alg HS384", {"alg": "HS384"}
    yield "alg HS512", {"alg": "HS512"}
    yield "alg RS256", {"alg": "RS256"}
    yield "alg ES256 with an HMAC", {"alg": "ES256"}
    yield "alg EdDSA with an HMAC", {"alg": "EdDSA"}
    yield "alg in small letters", {"alg": "hs256"}
    yield "crit", {"crit": ["exp"]}
    yield "crit with an unknown name", {"crit": ["http://x"], "http://x": True}
    yield "b64 false", {"b64": False, "crit": ["b64"]}
    yield "jku", {"jku": "https://evil.example/keys"}
    yield "jwk", {"jwk": {"kty": "oct", "k": b64(b"k" * 32)}}
    yield "x5u", {"x5u": "https://evil.example/cert"}
    yield "x5c", {"x5c": ["AAAA"]}
    yield "zip", {"zip": "DEF"}
    yield "enc", {"enc": "A256GCM"}
    yield "typ of another kind", {"typ": "at+jwt"}
    yield "typ as a list", {"typ": ["JWT"]}
    yield "unknown kid", {"kid": "nobody"}
    yield "empty kid", {"kid": ""}
    yield "kid as a number", {"kid": 1}
    yield "kid as a list", {"kid": ["hs"]}
    yield "kid null", {"kid": None}
    yield "kid as a path", {"kid": "../../dev/null"}
    yield "kid as SQL", {"kid": "x' OR '1'='1"}
    yield "kid of 81 characters", {"kid": "k" * 81}


def forged_texts():
    good = token(claims())
    header, body, signature = good.split(".")
    head, said = json.dumps({"alg": "HS256"}).encode(), json.dumps(claims()).encode()
    yield "empty", ""
    yield "one part", "abc"
    yield "two parts", f"{header}.{body}"
    yield "four parts", f"{good}.{signature}"
    yield "five parts", f"{good}.{signature}.{signature}"
    yield "no signature", f"{header}.{body}."
    yield "no header", f".{body}.{signature}"
    yield "padded", f"{header}=.{body}.{signature}"
    yield "padded signature", f"{good}="
    yield "blank before", f" {good}"
    yield "line end behind", f"{good}\n"
    yield "ordinary alphabet", good.replace("-", "+").replace("_", "/") + "+"
    yield "last character with spare bits", good[:-1] + chr(ord(good[-1]) + 1)
    yield "signature cut", good[:-2]
    yield "signature of another token", f"{header}.{body}.{token(claims()).split('.')[2]}"
    yield "other secret", token(claims(), secret=OTHER_SECRET)
    yield "empty secret", token(claims(), secret="")
    yield "claims changed", f"{header}.{b64(json.dumps(claims(sub='customer-8')).encode())}.{signature}"
    yield "too long", token(claims(extra="x" * 9000))
    yield "not text", raw_token(b"\xff\xfe", said)
    yield "claims not JSON", raw_token(head, b"{")
    yield "claims a list", raw_token(head, b"[]")
    yield "claims a string", raw_token(head, b'"x"')
    yield "claims null", raw_token(head, b"null")
    yield "header a list", raw_token(b"[]", said)
    yield "header empty", raw_token(b"{}", said)
    yield "claims empty", raw_token(head, b"{}")
    yield "claim twice", raw_token(head, said[:-1] + b', "sub": "customer-8"}')
    yield "header twice", raw_token(b'{"alg": "HS256", "alg": "none"}', said)
    yield "NaN", raw_token(head, said.replace(str(AT - 5).encode(), b"NaN"))
    yield "infinity", raw_token(head, said.replace(str(AT + 295).encode(), b"Infinity"))
    yield "too deep", raw_token(head, b'{"a":' * 2000 + b"1" + b"}" * 2000)
    yield "wide characters", "ａ.ｂ.ｃ"


FORGERIES = [
    *((f"times: {name}", token(said)) for name, said in forged_times()),
    *((f"claims: {name}", token(said)) for name, said in forged_claims()),
    *((f"header: {name}", token(claims(), header=head)) for name, head in forged_headers()),
    *((f"text: {name}", text) for name, text in forged_texts()),
]


def test_there_are_enough_kinds_of_forgeries():
    assert len({name for name, _ in FORGERIES}) == len(FORGERIES)
    assert len(FORGERIES) >= 120


@pytest.mark.parametrize("forged", [text for _, text in FORGERIES], ids=[name for name, _ in FORGERIES])
def test_a_forgery_is_refused_with_the_one_answer(site, issuer, forged):
    with pytest.raises(IdentityInvalid) as refused:
        verify_identity(forged, site=site, now=NOW)
    assert isinstance(refused.value, NotAllowed)
    assert (refused.value.code, refused.value.status, refused.value.facts) == ("identity_invalid", 401, {})
    assert refused.value.__cause__ is None


def confusions():
    public = public_pem(EC_KEY)
    yield "no kid where there are several keys", token(claims())
    yield "key of another kid", token(claims(), header={"kid": "es"})
    yield "public key as a secret", token(claims(), header={"kid": "es"}, secret=public)
    yield "public key as a secret, HS256 record", token(claims(), header={"kid": "pem-as-secret"}, secret=public)
    yield "public Ed25519 key as a secret", token(claims(), header={"kid": "ed"}, secret=public_pem(ED_KEY))
    yield "ES256 token for the HS256 key", signed(claims(), EC_KEY, "ES256", kid="hs")
    yield "EdDSA token for the ES256 key", signed(claims(), ED_KEY, "EdDSA", kid="es")
    yield "ES256 token of another key", signed(claims(), EC_KEY_384, "ES384", kid="es")
    yield "curve P-384", signed(claims(), EC_KEY_384, "ES384", kid="384")
    yield "RSA key", signed(claims(), RSA_KEY, "RS256", kid="rsa")
    yield "RSA-PSS", signed(claims(), RSA_KEY, "PS256", kid="rsa")
    yield "short secret", token(claims(), header={"kid": "weak"}, secret="short")
    yield "key switched off", token(claims(), header={"kid": "old"})
    yield "issuer switched off", token(claims(iss="closed"), header={"kid": "hs"})
    yield "key of the other site", token(claims(), header={"kid": "theirs"}, secret=OTHER_SECRET)
    yield "token for the other site", token(claims(aud="other"), header={"kid": "theirs"}, secret=OTHER_SECRET)
    yield "kid of the other site, our secret", token(claims(), header={"kid": "theirs"})


@pytest.mark.parametrize("forged", [text for _, text in confusions()], ids=[name for name, _ in confusions()])
def test_no_token_chooses_its_key_or_algorithm(site, many_keys, forged):
    with pytest.raises(IdentityInvalid):
        verify_identity(forged, site=site, now=NOW)


def test_a_good_token_of_one_site_opens_nothing_at_another(site, other_site, many_keys):
    good = token(claims(aud="other"), header={"kid": "theirs"}, secret=OTHER_SECRET)
    assert verify_identity(good, site=other_site, now=NOW).site_id == other_site.pk
    with pytest.raises(IdentityInvalid):
        verify_identity(good, site=site, now=NOW)


@pytest.mark.parametrize(
    ("algorithm", "key", "fits"),
    [
        ("HS256", SECRET, True),
        ("HS256", "x" * 31, False),
        ("HS256", public_pem(EC_KEY), False),
        ("ES256", public_pem(EC_KEY), True),
        ("ES256", private_pem(EC_KEY), False),
        ("ES256", public_pem(EC_KEY_384), False),
        ("ES256", public_pem(ED_KEY), False),
        ("ES256", public_pem(RSA_KEY), False),
        ("EdDSA", public_pem(ED_KEY), True),
        ("EdDSA", public_pem(EC_KEY), False),
        ("ES256", "", False),
        ("ES256", SECRET, False),
        ("none", SECRET, False),
        ("", SECRET, False),
    ],
)
def test_only_a_key_that_fits_its_algorithm_is_stored(algorithm, key, fits):
    if fits:
        check_key(algorithm, key)
    else:
        with pytest.raises(ValueError, match=r"key|secret|not a valid"):
            check_key(algorithm, key)
