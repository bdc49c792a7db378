"""The porch: the only place that knows Jupyter. Draws what the pipeline returns; decides nothing about calls."""
