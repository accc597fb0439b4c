"""`amends demo`: a scenario as data, the people who play it, and the check of every outcome against the rulebook."""
