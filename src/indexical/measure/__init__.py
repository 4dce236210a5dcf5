"""Before and after by real execution: reads, writes, heap-only updates, and what writers feel during a build."""
