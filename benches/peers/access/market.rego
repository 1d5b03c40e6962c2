package market

# Grants lie in the data by role, action and category, so that a question looks at those of its own cells alone.

default allow := false

allow if {
	input.tenant == input.of_tenant
	not forbidden
	granted
}

granted if {
	some role in input.roles
	some grant in data.grants[role][input.action][input.category]
	data.levels[input.level] <= grant.up_to
	input.purpose in grant.purposes
	input.kind in grant.kinds
	second_factor(grant)
	case(grant)
	authorization(grant)
}

second_factor(grant) if not grant.mfa_within

second_factor(grant) if fresh(grant.mfa_within)

case(grant) if not grant.assigned_case

case(grant) if input.assigned_case == true

authorization(grant) if not grant.authorization

authorization(grant) if input.authorization == true

fresh(within) if {
	input.mfa_at <= input.now
	input.now - input.mfa_at <= within
}

forbidden if input.suspended

forbidden if not input.purpose in data.purposes_of[input.category]

forbidden if {
	data.needs_authorization[input.purpose]
	not input.authorization == true
}

forbidden if {
	input.kind == "person"

	# The virtual machine goes on after an assignment of what is undefined; a plain expression ends the rule.
	data.mfa_of[input.level]
	not fresh(data.mfa_of[input.level])
}

forbidden if {
	some denial in data.denials[input.action]
	data.levels[input.level] >= denial.from_level
	input.category in denial.categories
	input.kind in denial.kinds
	not lifted(denial)
}

lifted(denial) if fresh(denial.unless_mfa_within)
