"""What is known about the chips: profiles, rules, placement and energy."""
