"""How the plan is drawn, screened and exported."""
