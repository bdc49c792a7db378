"""Each client the way its own documentation says to use it: a URL and a CA file in, a status out, or an exception."""

from __future__ import annotations

import asyncio
import functools
import ssl

TIMEOUT = 2.0


@functools.cache
def trusting(authority: str) -> ssl.SSLContext:
    """Return a TLS context for this authority, made once."""
    return ssl.create_default_context(cafile=authority)


def ours(url: str, authority: str) -> int:
    """Return the status of `fetch_public`, with a client of its own for each URL."""
    from flarex_nb.client import Client
    from flarex_nb.net.transport import Wire
    from flarex_nb.public import fetch

    context = trusting(authority)
    client = Client(wire=Wire(tls=context), environ={})
    return fetch(client, url, attempt_timeout=TIMEOUT, deadline=6.0, check=False).status


def our_service(url: str, authority: str) -> int:
    """Return the status of a service registered for the URL's host, which goes over https only."""
    from urllib.parse import urlsplit

    from flarex_nb.catalog.profile import Service
    from flarex_nb.client import Client
    from flarex_nb.net.transport import Wire

    parts = urlsplit(url.replace("http://", "https://", 1))
    client = Client(wire=Wire(tls=trusting(authority)), environ={})
    client.services.register(Service(name="own", base_url=f"https://{parts.netloc}"))
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return client.call("own", f"GET {path}", attempts=1, attempt_timeout=TIMEOUT, deadline=6.0, check=False).status


def plain_httpx(url: str, authority: str) -> int:
    """Return the status of bare httpx that follows redirects."""
    import httpx

    with httpx.Client(verify=trusting(authority), timeout=TIMEOUT, follow_redirects=True) as client:
        return client.get(url).status_code


def ssrfguard_httpx(url: str, authority: str) -> int:
    """Return the status of ssrfguard's httpx client."""
    from ssrfguard import Policy
    from ssrfguard.httpx import Client

    context = trusting(authority)
    with Client(policy=Policy(), verify=context, timeout=TIMEOUT, follow_redirects=True) as client:
        return client.get(url).status_code


def httpx_secure(url: str, authority: str) -> int:
    """Return the status of a client protected by httpx-secure."""
    import httpx
    from httpx_secure import httpx_ssrf_protection

    async def main() -> int:
        context = trusting(authority)
        async with httpx.AsyncClient(verify=context, timeout=TIMEOUT, follow_redirects=True, trust_env=False) as client:
            httpx_ssrf_protection(client)
            return (await client.get(url)).status_code

    return asyncio.run(main())


def drawbridge(url: str, authority: str) -> int:
    """Return the status of drawbridge's client."""
    import os

    from drawbridge import Client

    os.environ["SSL_CERT_FILE"] = authority

    async def main() -> int:
        async with Client() as client:
            return (await client.get(url)).status_code

    return asyncio.run(main())


def antissrf(url: str, authority: str) -> int:
    """Return the status of requests under Microsoft's AntiSSRF policy."""
    from AntiSSRF import AntiSSRFPolicy, PolicyConfigOptions

    policy = AntiSSRFPolicy(PolicyConfigOptions.EXTERNAL_ONLY_LATEST)
    policy.allow_plain_text_http = True
    session = policy.get_antissrf_session()
    return session.get(url, timeout=TIMEOUT, verify=authority).status_code


def advocate(url: str, authority: str) -> int:
    """Return the status of advocate, a wrapper of requests."""
    import advocate as library

    return library.get(url, timeout=TIMEOUT, verify=authority).status_code
