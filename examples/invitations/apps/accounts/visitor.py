"""What a request says about the visitor: address, browser, device."""

from __future__ import annotations

import hashlib
import ipaddress

from django.conf import settings

NO_ADDRESS = "0.0.0.0"


def client_ip(request):
    """The visitor's address as text that an inet column accepts; behind a proxy the first one it forwarded."""
    candidates = [request.META.get("REMOTE_ADDR", "")]
    if settings.TRUST_FORWARDED_FOR:
        candidates.insert(0, request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[0])
    for text in candidates:
        try:
            return str(ipaddress.ip_address(text.strip()))
        except ValueError:
            continue
    return NO_ADDRESS


def user_agent(request):
    return request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")


def user_agent_hash(request):
    return hashlib.sha256(user_agent(request).encode()).hexdigest()


def describe_device(agent):
    """(device type, browser, operating system) as far as the usual words in a user agent tell."""
    device = (
        "mobile" if "Mobile" in agent else "tablet" if "iPad" in agent or "Tablet" in agent else "desktop"
    )
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = (
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iOS"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    browser = next((name for mark, name in browsers if mark in agent), "")
    system = next((name for mark, name in systems if mark in agent), "")
    return device, browser, system
