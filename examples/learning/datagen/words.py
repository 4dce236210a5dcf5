"""Invented names and phrases, and the fixed rows of categories, languages and the like."""

from __future__ import annotations

_FIRST_NAMES = """
Ada Alba Anton Bela Carla Chidi Clara Daria Diego Elif Emil Enzo Farah Felix Greta Hana Hugo Ida Ines Ivan Jana
Jonas Kaya Kenji Lara Leon Lina Luca Mads Maja Marco Mei Milan Mira Nadia Nils Noor Olga Omar Paula Pavel Rosa
Sami Sara Selin Soren Tara Theo Tomas Vera Wanda Yara Yusuf Zeno
"""
FIRST_NAMES = tuple(_FIRST_NAMES.split())
_LAST_NAMES = """
Almeida Andersen Arslan Bauer Becker Bianchi Costa Dahl Demir Dubois Eriksen Ferrari Fischer Garcia Haas Hansen
Ito Ivanov Jansen Kaplan Keller Kim Kovacs Kowalski Kraus Lang Larsen Lopez Marino Meyer Molina Moreau Nagy Novak
Okafor Olsen Peeters Petrov Popa Richter Romano Rossi Sato Silva Sorensen Tanaka Vogel Weber Winter Yilmaz
"""
LAST_NAMES = tuple(_LAST_NAMES.split())
_CITIES = """
Aarhus Ankara Athens Bergen Berlin Bologna Bruges Cracow Dublin Ghent Graz Hamburg Izmir Leipzig Lisbon Lyon
Madrid Munich Nairobi Osaka Oslo Porto Prague Riga Seville Sofia Turin Utrecht Valencia Vienna Vilnius Zagreb
"""
CITIES = tuple(_CITIES.split())

CATEGORIES = (
    "Programming basics",
    "Web development",
    "Databases",
    "Data analysis",
    "Machine learning",
    "Algorithms",
    "Operating systems",
    "Networks",
    "Security",
    "Testing",
    "Mobile apps",
    "Games",
    "Cloud services",
    "Version control",
    "Design",
    "Mathematics",
    "Statistics",
    "Robotics",
    "Writing",
    "Project management",
)
LANGUAGES = (
    ("Python", "python", "py", 0.4),
    ("JavaScript", "javascript", "js", 0.22),
    ("SQL", "sql", "sql", 0.1),
    ("Java", "java", "java", 0.09),
    ("TypeScript", "typescript", "ts", 0.06),
    ("C", "c", "c", 0.04),
    ("C++", "cpp", "cpp", 0.04),
    ("Go", "go", "go", 0.03),
    ("Rust", "rust", "rs", 0.015),
    ("Bash", "bash", "sh", 0.005),
)
EXERCISE_TYPES = (
    ("Function", 0.34),
    ("Program", 0.2),
    ("Repair", 0.14),
    ("Fill in", 0.12),
    ("Query", 0.08),
    ("Multiple choice", 0.06),
    ("Project", 0.04),
    ("Challenge", 0.02),
)
TRAITS = (
    "Practical",
    "Modern",
    "Gentle",
    "Complete",
    "Hands-on",
    "Essential",
    "Applied",
    "Everyday",
    "Deeper",
    "First",
    "Robust",
    "Quick",
)
SUBJECTS = (
    "loops",
    "functions",
    "classes",
    "recursion",
    "sorting",
    "joins",
    "indexes",
    "sockets",
    "templates",
    "forms",
    "tests",
    "queues",
    "graphs",
    "trees",
    "matrices",
    "signals",
    "threads",
    "caching",
    "layouts",
    "animation",
    "parsing",
    "regression",
    "clustering",
    "encryption",
)
SENTENCES = (
    "Start with the smallest program that does something useful.",
    "Read the error before changing the code.",
    "Every example can be run as it stands.",
    "Try the exercise before looking at the solution.",
    "The second half builds a small project from the pieces.",
    "Notes and sources are at the end.",
)
QUESTIONS = (
    "Why does this return None?",
    "How do I begin with {}?",
    "Is there a shorter way to write this?",
    "My solution for {} is too slow",
    "What is the difference between these two?",
    "Stuck on the exercise about {}",
    "Good books on {}?",
    "Show what you built with {}",
)
ANSWERS = (
    "Look at the value before the loop ends; that is where it goes wrong.",
    "I had the same problem last week. Printing the list helped.",
    "The lesson on this has an example near the end.",
    "Thank you, that did it.",
    "It depends on how many rows you have.",
    "Please show the whole program, not only the last line.",
    "Try it with three items by hand first.",
    "Works for me with the newest version.",
)
PRAISE = (
    "Clear and to the point.",
    "The exercises are the best part.",
    "A bit fast in the middle, still worth it.",
    "I finally understood it.",
    "Too long for what it covers.",
    "More examples would help.",
)
FORUM_HEADINGS = ("Welcome", "Learning together", "Languages", "Beyond the courses")
FORUM_SUBJECTS = (
    "News",
    "Introductions",
    "Questions",
    "Projects",
    "Study groups",
    "Careers",
    "Reviews",
    "Feedback",
    "Archive",
)
BLOG_CATEGORIES = (
    "News",
    "Tutorials",
    "Interviews",
    "Releases",
    "Opinion",
    "Study tips",
    "Careers",
    "Community",
    "Research",
    "Teaching",
    "Tools",
    "Events",
)
TAGS = (
    "beginners",
    "python",
    "web",
    "data",
    "career",
    "motivation",
    "databases",
    "testing",
    "security",
    "community",
    "tools",
    "teaching",
    "algorithms",
    "projects",
    "interview",
    "math",
    "news",
    "games",
    "mobile",
    "design",
)
SKILL_LEVELS = ("Newcomer", "Learner", "Practitioner", "Professional")
OBJECTIVES = (
    "Write small programs",
    "Read other people's code",
    "Design a schema",
    "Test a program",
    "Publish a site",
    "Analyse a data set",
    "Find the slow part",
    "Work in a team",
    "Explain an algorithm",
    "Keep data safe",
    "Plan a project",
    "Automate a task",
)

DIFFICULTIES = (("beginner", 1 / 3), ("intermediate", 0.35), ("advanced", 0.22), ("expert", 1 - 1 / 3 - 0.57))
THREE_DIFFICULTIES = (("beginner", 0.42), ("intermediate", 0.36), ("advanced", 0.22))
LESSON_TYPES = (("theory", 0.46), ("practical", 0.24), ("exercise", 0.18), ("project", 0.05), ("quiz", 0.07))


def slug_of(text: str) -> str:
    """Lower case, words joined by hyphens, everything else left out."""
    words = "".join(letter if letter.isalnum() else " " for letter in text.lower().replace("++", "pp"))
    return "-".join(words.split())
