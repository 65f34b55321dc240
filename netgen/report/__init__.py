"""What people see of a run: terminal tables, drawings and figures."""
