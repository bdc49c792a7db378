"""Where validated answers are kept: keys, the memory store. Decides nothing about freshness beyond its own time limit."""
