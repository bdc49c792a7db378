"""Which ports an HTTP request may go to on a public host. Pure.

Below 1024 only 80 and 443: every other number there was given to another protocol, and a mail server or a shell can be
made to read an HTTP request as its own commands. From 1024 up any port is a service's own choice (8080, 8443, 9443),
but for those of protocols that are known to be misused that way: the list of the Fetch standard ("bad port",
https://fetch.spec.whatwg.org/#port-blocking) and data stores and control planes that are open by default. Whoever
does mean such a port registers the host with `network = "private"`, which names this host and port and nothing else.
"""

from __future__ import annotations

_WEB = frozenset({80, 443})
_FIRST_FREE = 1024

_OTHERS = {
    1080: "SOCKS",
    1433: "SQL Server",
    1434: "SQL Server",
    1521: "Oracle",
    1719: "H.323",
    1720: "H.323",
    1723: "PPTP",
    2049: "NFS",
    2181: "ZooKeeper",
    2375: "Docker",
    2376: "Docker",
    2379: "etcd",
    2380: "etcd",
    3306: "MySQL",
    3389: "remote desktop",
    3659: "Apple SASL",
    4045: "NFS lock daemon",
    4190: "ManageSieve",
    5060: "SIP",
    5061: "SIP",
    5432: "PostgreSQL",
    5671: "AMQP",
    5672: "AMQP",
    5984: "CouchDB",
    6379: "Redis",
    6380: "Redis",
    6566: "SANE",
    6679: "IRC",
    6697: "IRC",
    9042: "Cassandra",
    9092: "Kafka",
    9200: "Elasticsearch",
    9300: "Elasticsearch",
    10080: "Amanda",
    10250: "kubelet",
    10255: "kubelet",
    11211: "memcached",
    26379: "Redis Sentinel",
    27017: "MongoDB",
    27018: "MongoDB",
    27019: "MongoDB",
    **dict.fromkeys(range(5900, 5910), "VNC"),
    **dict.fromkeys(range(6000, 6010), "X11"),
    **dict.fromkeys(range(6665, 6670), "IRC"),
}


def refusal(port: int) -> str | None:
    """Return None when an HTTP request may go to the port of a public host, else why not."""
    if port in _WEB:
        return None
    if port < _FIRST_FREE:
        return "below 1024 only 80 and 443 are for HTTP"
    if port in _OTHERS:
        return f"that port is for {_OTHERS[port]}"
    return None
