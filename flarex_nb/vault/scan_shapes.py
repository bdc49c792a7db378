"""The shapes issuers give their keys: a table of what each key begins with and how it goes on. Pure.

Judges nothing but shape; `scan` asks whether what was found is a placeholder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Shape(NamedTuple):
    """How an issuer's keys look.

    `starts` are the public first characters, one of which each key (or what stands around it) has: a text without any
    needs no further look; with `in_run` they stand in one run of 16 characters at least. Group "key" of the pattern is
    the key where the pattern needs more around it.
    """

    kind: str
    name: str
    starts: tuple[str, ...]
    pattern: re.Pattern[str]
    in_run: bool

    def find(self, text: str, runs: str) -> Iterator[tuple[int, int]]:
        """Return (start, end) of each key of this shape in the text, whose `long_runs` are given."""
        here = [start for start in self.starts if start in (runs if self.in_run else text)]
        if not here:
            return
        if "key" in self.pattern.groupindex:
            yield from (found.span("key") for found in self.pattern.finditer(text))
            return
        for start in here:  # looking for the start as a plain text is ten times as fast as the pattern alone
            at = text.find(start)
            while at >= 0:
                found = self.pattern.match(text, at)
                if found:
                    yield found.span()
                at = text.find(start, found.end() if found else at + 1)


def _shape(kind: str, name: str, starts: str, pattern: str, *, in_run: bool = True) -> Shape:
    return Shape(kind, name, tuple(starts.split()), re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})"), in_run)


def long_runs(text: str) -> str:
    """Return the text's unbroken runs of characters keys are made of, one a line: mostly a small part of the text."""
    return "\n".join(_RUN.findall(text))


_RUN: Final = re.compile(r"[A-Za-z0-9_+/=.:%-]{16,}+")


_B62: Final = "[A-Za-z0-9]"
_OPEN_QUOTE: Final = r"\\{0,3}[\"']"

SHAPES: Final = (
    # A service account's file holds the key as one JSON string, so its line breaks may be written as \n.
    _shape(
        "a private key", "PRIVATE_KEY", "-----BEGIN", r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----",
        in_run=False,
    ),
    _shape("a private key", "PRIVATE_KEY", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    _shape(
        "a Stripe secret key", "STRIPE_SECRET_KEY", "sk_live_ sk_test_ sk_org_",
        rf"sk_(?:live|test|org)_{_B62}[A-Za-z0-9_]{{15,}}",
    ),
    _shape("a Stripe restricted key", "STRIPE_SECRET_KEY", "rk_live_ rk_test_", rf"rk_(?:live|test)_{_B62}{{16,}}"),
    _shape("a webhook signing secret", "STRIPE_WEBHOOK_SECRET", "whsec_", r"whsec_[A-Za-z0-9+/]{16,}={0,2}"),
    _shape("an Anthropic API key", "ANTHROPIC_API_KEY", "sk-ant-", r"sk-ant-[\w-]{16,}"),
    _shape("an OpenRouter API key", "OPENROUTER_API_KEY", "sk-or-", r"sk-or-[\w-]{16,}"),
    _shape(
        "an OpenAI API key", "OPENAI_API_KEY", "sk-proj- sk-svcacct- sk-admin- sk-",
        rf"sk-(?:proj|svcacct|admin)-[\w-]{{16,}}|sk-{_B62}{{20,}}",
    ),
    _shape(
        "a GitHub token", "GITHUB_TOKEN", "ghp_ gho_ ghs_ ghu_ ghr_ github_pat_",
        rf"gh[opsur]_{_B62}{{20,}}|github_pat_\w{{22,}}",
    ),
    _shape(
        "a GitLab token", "GITLAB_TOKEN",
        "glpat- gldt- glft- glsoat- glrt- glcbt- glptt- glagent- glimt- GR1348941",
        r"gl(?:pat|dt|ft|soat|rt|cbt|ptt|agent|imt)-[\w-]{20,}|GR1348941[\w-]{20,}",
    ),
    _shape("a Google API key", "GOOGLE_API_KEY", "AIza", r"AIza[\w-]{35}(?![\w-])"),
    _shape("a Google OAuth client secret", "GOOGLE_CLIENT_SECRET", "GOCSPX-", r"GOCSPX-[\w-]{20,}"),
    _shape("a Google access token", "GOOGLE_ACCESS_TOKEN", "ya29.", r"ya29\.[\w-]{20,}"),
    _shape("a Google refresh token", "GOOGLE_REFRESH_TOKEN", "1//0", r"1//0[\w-]{30,}"),
    _shape(
        "a Slack token", "SLACK_API_KEY", "xoxa- xoxb- xoxc- xoxd- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs- xapp-",
        r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}",
    ),
    _shape(
        "a Slack webhook", "SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/ https://hooks.slack.com/workflows/",
        r"https://hooks\.slack\.com/(?:services|workflows)/[\w/-]{20,}",
    ),
    _shape(
        "a Discord webhook", "DISCORD_WEBHOOK_URL",
        "https://discord.com/api/ https://discordapp.com/api/ https://ptb.discord.com/api/ "
        "https://ptb.discordapp.com/api/ https://canary.discord.com/api/ https://canary.discordapp.com/api/",
        r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{5,}/[\w-]{20,}",
    ),
    _shape(
        "a Discord bot token", "DISCORD_BOT_TOKEN", "M N O",
        r"[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}(?![\w.-])",
    ),
    _shape(
        "a Telegram bot token", "TELEGRAM_BOT_TOKEN", ":AA",
        r"(?:bot)?(?P<key>[0-9]{8,10}:AA[\w-]{33})(?![\w-])",
    ),
    _shape("an AWS access key", "AWS_ACCESS_KEY_ID", "AKIA ASIA", r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _shape(
        "an Azure storage key", "AZURE_STORAGE_KEY", "AccountKey=", r"AccountKey=(?P<key>[A-Za-z0-9+/]{64,86}={0,2})"
    ),
    _shape("a signed URL", "AZURE_SAS", "sig=", r"(?<=[?&])sig=(?P<key>[A-Za-z0-9%+/]{40,}(?:%3[Dd]|=)?)"),
    _shape("a Hugging Face token", "HF_TOKEN", "hf_", rf"hf_{_B62}{{30,}}"),
    _shape(
        "a package registry token", "REGISTRY_TOKEN", "npm_ pypi-", rf"npm_{_B62}{{30,}}|pypi-[\w-]{{40,}}"
    ),
    _shape("a package registry token", "REGISTRY_TOKEN", "_authToken=", r"_authToken=(?P<key>[\w-]{20,})"),
    _shape("a SendGrid API key", "SENDGRID_API_KEY", "SG.", r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    _shape("a Mailchimp API key", "MAILCHIMP_API_KEY", "-us", r"(?P<key>[0-9a-f]{32}-us[0-9]{1,2})(?![\w-])"),
    _shape("a Twilio key", "TWILIO_API_KEY", "SK", r"SK[0-9a-f]{32}(?![A-Za-z0-9])"),
    _shape("a Square token", "SQUARE_ACCESS_TOKEN", "sq0csp- sq0atp- EAAA", r"sq0(?:csp|atp)-[\w-]{22,}|EAAA[\w-]{60}"),
    _shape("a Shopify token", "SHOPIFY_API_KEY", "shpat_ shpca_ shppa_ shpss_", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _shape(
        "a DigitalOcean token", "DIGITALOCEAN_TOKEN", "dop_v1_ doo_v1_ dor_v1_", r"do[opr]_v1_[0-9a-f]{64}"
    ),
    _shape("a Databricks token", "DATABRICKS_TOKEN", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?(?![A-Za-z0-9])"),
    _shape("a Vault token", "VAULT_TOKEN", "hvs. hvb.", r"hv[sb]\.[\w-]{24,}"),
    _shape(
        "a Grafana token", "GRAFANA_TOKEN", "glsa_ glc_",
        r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/]{32,}",
    ),
    _shape("a Notion token", "NOTION_TOKEN", "secret_ ntn_", rf"secret_{_B62}{{43}}(?!{_B62})|ntn_{_B62}{{40,}}"),
    _shape("an Airtable token", "AIRTABLE_TOKEN", "pat", rf"pat{_B62}{{14}}\.[0-9a-f]{{64}}"),
    _shape("a Replicate token", "REPLICATE_API_TOKEN", "r8_", rf"r8_{_B62}{{37}}"),
    _shape("a Groq API key", "GROQ_API_KEY", "gsk_", rf"gsk_{_B62}{{40,}}"),
    _shape("an xAI API key", "XAI_API_KEY", "xai-", rf"xai-{_B62}{{40,}}"),
    _shape("a Perplexity API key", "PERPLEXITY_API_KEY", "pplx-", rf"pplx-{_B62}{{40,}}"),
    _shape("a Postman API key", "POSTMAN_API_KEY", "PMAK-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    _shape("a Linear API key", "LINEAR_API_KEY", "lin_api_", rf"lin_api_{_B62}{{32,}}"),
    _shape("a Figma token", "FIGMA_TOKEN", "figd_", r"figd_[\w-]{32,}"),
    _shape("an Artifactory token", "ARTIFACTORY_TOKEN", "AKC AP", rf"AKC{_B62}{{60,}}|AP[0-9A-F]{_B62}{{60,}}"),
    _shape("a signed token (JWT)", "ACCESS_TOKEN", "eyJ", r"eyJ[\w-]{10,}\.eyJ[\w-]{4,}\.[\w-]{16,}"),
    _shape(
        "a password in a URL", "SERVICE_PASSWORD", "://",
        r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"']{0,80}:(?P<key>[^\s/@\"']{4,200})@", in_run=False,
    ),
    _shape(
        "a password in a command", "SERVICE_PASSWORD", "-u --user --proxy-user",
        rf"(?<=\s)(?:-u|--user|--proxy-user)[ =]?(?:{_OPEN_QUOTE})?[\w.@+-]{{1,80}}:(?P<key>[^\s\"'\\:]{{6,200}})",
        in_run=False,
    ),
    _shape(
        "a password for Basic authentication", "SERVICE_PASSWORD", "auth Auth",
        rf"(?:auth\s*=\s*|(?:HTTP|Proxy)*(?:BasicAuth|DigestAuth))\(\s*{_OPEN_QUOTE}[^\"'\n]{{0,80}}{_OPEN_QUOTE}\s*,\s*"
        rf"(?:password\s*=\s*)?{_OPEN_QUOTE}(?P<key>[^\s\"'\\]{{4,200}}){_OPEN_QUOTE}", in_run=False,
    ),
)  # fmt: skip
"""In the order of sureness: where two shapes overlap, the first one names the key."""

_IN_RUNS: Final = tuple({start for shape in SHAPES if shape.in_run for start in shape.starts if len(start) > 1})
_ANYWHERE: Final = tuple({start for shape in SHAPES if not shape.in_run for start in shape.starts})


def may_hold_shapes(text: str, runs: str) -> bool:
    """Return whether any shape's start is in the text: for most short texts the only question there is."""
    for start in _ANYWHERE:  # plain loops: this is asked for each text of each call
        if start in text:
            return True
    if runs:
        for start in _IN_RUNS:
            if start in runs:
                return True
        return runs.count(".") > 1  # the one shape that begins with any of three letters has two of them
    return False


_STARTS: Final = tuple(
    sorted({start for shape in SHAPES for start in shape.starts if len(start) > 2 and start[-1] in "_-./="}, key=len)  # noqa: PLR2004 - one or two letters are no prefix anyone would know
)


def public_start(key: str) -> str:
    """Return the first characters of the key that every key of its issuer has, "" where it has none.

    Never more than that: `sk_live_` of a key says whose it is and helps nobody to use it.
    """
    fitting = [start for start in _STARTS if key.startswith(start)]
    return fitting[-1] if fitting else ""
