"""Human counsellors: handoffs now; routing, hours, callbacks and cases when they come."""
