"""Templates, campaigns and sends."""
