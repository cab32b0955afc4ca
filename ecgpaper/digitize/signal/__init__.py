"""Traces -> signal: leads in millivolts over time, and limb leads that add up."""
