"""What a running database needs now and then: dead rows removed, statistics renewed, bloated indexes built anew, leftovers gone.

Every piece of work follows from a figure of the catalog that has passed its threshold, and is shown with it before it is done.
"""
