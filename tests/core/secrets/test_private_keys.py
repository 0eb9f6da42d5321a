import base58
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from core.secrets import scrub

MASK = "[removed: private_key]"
secrets = st.binary(min_size=32, max_size=32)
# Version bytes of BIP-32 and SLIP-132.
EXTENDED = {
    "xprv": "0488ade4", "yprv": "049d7878", "zprv": "04b2430c", "Yprv": "0295b005", "Zprv": "02aa7a99", "tprv": "04358394",
    "uprv": "044a4e28", "vprv": "045f18bc",
}  # fmt: skip


def wif(secret, version=0x80, *, compressed=True):
    return base58.b58encode_check(bytes([version]) + secret + (b"\x01" if compressed else b"")).decode()


@given(secrets, st.sampled_from([0x80, 0xEF]), st.booleans())
def test_wallet_import_keys_are_removed(secret, version, compressed):
    key = wif(secret, version, compressed=compressed)
    assert scrub(f"key: {key}, thanks").text == f"key: {MASK}, thanks"
    assert scrub(f"密钥{key}。").text == f"密钥{MASK}。"
    assert key not in scrub(f"abc{key}xyz").text


@given(secrets, st.integers(0, 50))
def test_a_wallet_import_key_with_a_changed_letter_is_none(secret, place):
    key = wif(secret)
    wrong = key[:place] + ("3" if key[place] != "3" else "4") + key[place + 1 :]
    assert scrub(wrong).text == wrong


@pytest.mark.parametrize("prefix", EXTENDED)
@given(rest=st.binary(min_size=74, max_size=74))
def test_extended_keys_are_removed(prefix, rest):
    key = base58.b58encode_check(bytes.fromhex(EXTENDED[prefix]) + rest).decode()
    assert key.startswith(prefix)
    assert scrub(f"{key}\n").text == f"{MASK}\n"
    assert scrub(f"see {key[:-1]}").text == f"see {MASK}"


MADE = {
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "rsa": rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL, PrivateFormat.OpenSSH])
@pytest.mark.parametrize("lock", [NoEncryption(), BestAvailableEncryption(b"x")])
def test_pem_keys_are_removed(name, form, lock):
    if name == "ed25519" and form is PrivateFormat.TraditionalOpenSSL:
        form = PrivateFormat.PKCS8
    if form is PrivateFormat.OpenSSH:
        lock = NoEncryption()  # locking that form wants a library that nobody here needs
    pem = MADE[name].private_bytes(Encoding.PEM, form, lock).decode()
    assert scrub(f"here\n{pem}bye").text == f"here\n{MASK}\nbye"
    assert scrub(f"here {pem.replace(chr(10), ' ')}bye").text == f"here {MASK} bye"
    cut = pem[: len(pem) // 2]
    assert scrub(f"here\n{cut}").text == f"here\n{MASK}"


def test_a_pgp_key_is_removed():
    pem = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\nlQOYBF\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----"
    assert scrub(pem).text == MASK


def test_a_key_longer_than_a_window_is_removed_whole():
    pem = "-----BEGIN PRIVATE KEY-----\n" + ("A" * 64 + "\n") * 600 + "-----END PRIVATE KEY-----"
    assert scrub("x " + pem + " y").text == f"x {MASK} y"


@pytest.mark.parametrize(
    "text",
    [
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "TLa2f6VPqDgRE67v1736s7bJ8Ray5wYjU7",
        "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV",
        "0x88df016429689c079f3b2f6ad39fa052532c56795b733da78a91ebe6a713944b",
        "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16",
        "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW",
        "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8",
        MADE["p256"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "What is an xprv, and where do I find my private key?",
    ],
)
def test_addresses_transactions_and_public_keys_stay(text):
    assert (scrub(text).text, scrub(text).kinds) == (text, ())
