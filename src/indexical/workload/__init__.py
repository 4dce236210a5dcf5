"""Sources of statements: capture files and ``.sql`` files, their normal form, and what a workload writes."""
