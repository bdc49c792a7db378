"""Where validated answers are kept: keys, the memory store. Decides nothing about freshness but its own limit."""
