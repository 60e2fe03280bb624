"""From artifacts to a running network: plan, phases, executor, journal, events."""
