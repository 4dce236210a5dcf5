"""The query patterns of the platform's performance documents and of its pages, as weighted SQL.

The patterns are in the three modules beside this one; ``draw`` has the values, ``samples`` makes the SQL.
"""
