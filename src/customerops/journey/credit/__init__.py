"""Attribution: which touches come before conversions, and who is credited with them."""
