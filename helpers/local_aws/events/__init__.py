"""What EventBridge does with an event: find the rules that it matches, and call their targets.

moto keeps buses, rules and targets (`bus.plug_in` gives it the rest): patterns.py matches,
target_inputs.py makes what a target is given, targets.py calls it, schedules.py and scheduler.py
fire rules by the clock, s3_events.py tells what happens in buckets.
"""
