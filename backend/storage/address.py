"""The address of an IPFS API: a multiaddr or an URL."""

from __future__ import annotations

import urllib.parse

import ipfshttpclient

from backend.errors import ConfigurationError


def address_of(api: str) -> tuple[str, str, tuple[str, str] | None]:
    """Multiaddr, base path and credentials of a multiaddr or URL. Raises ConfigurationError."""
    wrong = ConfigurationError(
        f"{api!r} is no address of an IPFS API.",
        "Set MELTINGPOT_IPFS_API to one such as /ip4/127.0.0.1/tcp/5001/http or http://127.0.0.1:5001",
    )
    if api.startswith("/"):
        address, base, auth = api, "api/v0", None
    else:
        url = urllib.parse.urlsplit(api)
        if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
            raise wrong
        try:
            port = url.port or (443 if url.scheme == "https" else 80)
        except ValueError as error:
            raise wrong from error
        host = url.hostname
        kind = "ip6" if ":" in host else "ip4" if host.replace(".", "").isdigit() else "dns"
        address = f"/{kind}/{host}/tcp/{port}/{url.scheme}"
        base = (url.path.strip("/").removesuffix("api/v0").strip("/") + "/api/v0").lstrip("/")
        auth = (
            (urllib.parse.unquote(url.username), urllib.parse.unquote(url.password or ""))
            if url.username
            else None
        )
    try:
        ipfshttpclient.Client(address, base)
    except Exception as error:  # multiaddr raises many kinds
        raise wrong from error
    return address, base, auth
