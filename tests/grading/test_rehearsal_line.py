"""A line of the crowd to the server."""

import asyncio

import aiohttp

from apps.grading.management.rehearsal.line import Addresses


def test_a_host_is_looked_up_once_for_all_lines(monkeypatch):
    monkeypatch.setattr(Addresses, "KNOWN", {})
    asked = []

    async def look_up(self, host, port=0, family=0):
        asked.append(host)
        return [
            {"hostname": host, "host": "192.0.2.1", "port": port, "family": family, "proto": 0, "flags": 0}
        ]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", look_up)

    async def ask_all():
        return [await Addresses().resolve(host, 443) for host in ("a.example", "a.example", "b.example")]

    first, again, other = asyncio.run(ask_all())
    assert asked == ["a.example", "b.example"]
    assert first == again
    assert other[0]["hostname"] == "b.example"
