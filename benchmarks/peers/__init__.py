"""Other tools, each in an environment and a process of its own, driven from the benchmarks."""
