"""Walking: one problem, by spikes, by sparse products or by plain draws."""
