"""Invented names, places and browsers, and the fixed rows of plans and categories."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST_NAMES = """
Aarav Aditi Akash Amrita Ananya Arjun Bhavna Chetan Deepa Dev Divya Farhan Gauri Harsh Isha Jatin
Kabir Kavya Kiran Lakshmi Manav Meera Mohan Naina Neel Nisha Omkar Pallavi Pranav Priya Rahul Rani
Ravi Ritu Rohan Sahil Sana Shreya Simran Sunil Tanvi Tara Uma Varun Vidya Vikram Yash Zoya
"""
FIRST_NAMES = tuple(_FIRST_NAMES.split())
_LAST_NAMES = """
Agarwal Ahmed Bhatt Bose Chauhan Chopra Das Desai Deshmukh Dutta Fernandes Ghosh Gupta Iyer Jain
Joshi Kapoor Khan Kulkarni Kumar Mehta Menon Mishra Mukherjee Nair Naidu Pandey Patel Pillai Rao
Reddy Roy Saxena Shah Sharma Shetty Singh Sinha Thakur Trivedi Varma Verma Yadav
"""
LAST_NAMES = tuple(_LAST_NAMES.split())
_CITIES = """
Ahmedabad Bengaluru Bhopal Chandigarh Chennai Delhi Goa Hyderabad Indore Jaipur Kochi Kolkata
Lucknow Mumbai Mysuru Nagpur Patna Pune Surat Udaipur
"""
CITIES = tuple(_CITIES.split())
VENUES = (
    "Lotus Gardens",
    "Palm Court",
    "Silver Oak Hall",
    "Riverside Lawns",
    "The Courtyard",
    "Maple Banquets",
    "Lake View",
)
STREETS = ("Station Road", "Ring Road", "Gandhi Marg", "Temple Street", "Market Lane", "Hill Road")
STYLES = (
    "Golden",
    "Crimson",
    "Ivory",
    "Emerald",
    "Midnight",
    "Rose",
    "Saffron",
    "Pearl",
    "Indigo",
    "Coral",
    "Jade",
    "Amber",
)
MOTIFS = (
    "Mandala",
    "Peacock",
    "Lotus",
    "Lantern",
    "Paisley",
    "Garland",
    "Ribbon",
    "Arch",
    "Feather",
    "Skyline",
)
GREETINGS = (
    "Looking forward to it!",
    "Congratulations to both families.",
    "So happy for you.",
    "Will try my best to be there.",
    "Sorry, we are travelling that week.",
    "Please send the location again.",
)
REFERRERS = (
    ("", 0.45),
    ("https://web.whatsapp.example/", 0.35),
    ("https://www.instagram.example/", 0.1),
    ("https://mail.example.com/inbox", 0.06),
    ("https://www.facebook.example/messages/", 0.04),
)


@dataclass(frozen=True, slots=True)
class Device:
    agent: str
    kind: str
    browser: str
    system: str


DEVICES = (
    (
        Device(
            "Mozilla/5.0 (Linux; Android 14; SM-A546E) Chrome/126.0 Mobile Safari/537.36",
            "mobile",
            "Chrome",
            "Android",
        ),
        0.3,
    ),
    (
        Device(
            "Mozilla/5.0 (Linux; Android 13; Redmi Note 12) Chrome/124.0 Mobile",
            "mobile",
            "Chrome",
            "Android",
        ),
        0.22,
    ),
    (
        Device(
            "Mozilla/5.0 (Linux; Android 12; vivo 1916) SamsungBrowser/25.0 Mobile",
            "mobile",
            "Samsung",
            "Android",
        ),
        0.1,
    ),
    (
        Device(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) Version/17.5 Mobile Safari/604.1",
            "mobile",
            "Safari",
            "iOS",
        ),
        0.16,
    ),
    (
        Device(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36",
            "desktop",
            "Chrome",
            "Windows",
        ),
        0.1,
    ),
    (
        Device(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1",
            "desktop",
            "Safari",
            "macOS",
        ),
        0.04,
    ),
    (Device("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Firefox/127.0", "desktop", "Firefox", "Linux"), 0.02),
    (Device("Mozilla/5.0 (iPad; CPU OS 17_4) Version/17.4 Safari/604.1", "tablet", "Safari", "iPadOS"), 0.06),
)


@dataclass(frozen=True, slots=True)
class PlanRow:
    code: str
    name: str
    links: int
    price: int
    share: float


PLANS = (
    PlanRow("BASIC", "Basic", 100, 150, 0.5),
    PlanRow("PREMIUM", "Premium", 150, 350, 0.34),
    PlanRow("LUXURY", "Luxury", 200, 500, 0.16),
)
TEST_LINKS = 5


@dataclass(frozen=True, slots=True)
class CategoryRow:
    code: str
    name: str
    icon: str
    share: float


CATEGORIES = (
    CategoryRow("WEDDING", "Wedding", "rings", 0.34),
    CategoryRow("BIRTHDAY", "Birthday", "cake", 0.22),
    CategoryRow("ENGAGEMENT", "Engagement", "heart", 0.1),
    CategoryRow("ANNIVERSARY", "Anniversary", "glass", 0.08),
    CategoryRow("BABY_SHOWER", "Baby shower", "cradle", 0.07),
    CategoryRow("HOUSEWARMING", "Housewarming", "home", 0.06),
    CategoryRow("NAMING", "Naming ceremony", "lamp", 0.05),
    CategoryRow("FESTIVAL", "Festival", "spark", 0.04),
    CategoryRow("CORPORATE", "Corporate event", "tie", 0.03),
    CategoryRow("GRADUATION", "Graduation", "cap", 0.01),
)

ANIMATIONS = (
    ("elegant", 0.28),
    ("traditional", 0.18),
    ("modern", 0.14),
    ("floral", 0.12),
    ("fun", 0.1),
    ("royal", 0.08),
    ("minimal", 0.06),
    ("bollywood", 0.04),
)
