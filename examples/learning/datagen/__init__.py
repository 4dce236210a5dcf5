"""Sample data and documented queries for the learning platform.

The row counts and the shape of the data follow what the platform's own documents publish; names, texts and addresses are
invented here.
"""
