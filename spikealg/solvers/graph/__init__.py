"""Questions about graphs answered by waves of spikes; `spikealg.graph` has the public names."""
