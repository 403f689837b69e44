"""The key pair of the connected app, made on first use unless a public key is registered by the switch."""

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.salesforce.org import Org

KIND = "_key"
FILE = "salesforce-jwt-key.pem"


def private_key(org: Org) -> str:
    """Return the PEM of the sandbox's own private key; with a state folder it is also a file there."""
    found = org.store.get(KIND, "jwt")
    if found is not None:
        return str(found["pem"])
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    org.store.put(KIND, "jwt", {"pem": pem})
    if org.store.path is not None:
        path = org.store.path.with_name(FILE)
        path.touch(mode=0o600)
        path.write_text(pem)
    return pem


def public_key(org: Org) -> str:
    """Return the PEM of the key that signatures are checked with."""
    registered = str(org.switch("jwt_public_key"))
    if "CERTIFICATE" in registered:
        return _public(x509.load_pem_x509_certificate(registered.encode()).public_key())
    if registered:
        return registered
    return _public(serialization.load_pem_private_key(private_key(org).encode(), None).public_key())


def _public(key: object) -> str:
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("an RSA key is needed")
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
