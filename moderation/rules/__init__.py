"""Which sounds break which rule: policy in, measurements in, verdicts out. What follows is
`moderation.escalation`."""
