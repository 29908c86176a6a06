package demo

// Scenes is the programme, in order. A part of the product that lands later appends its own file and its lines here.
func Scenes() []Scene {
	return []Scene{
		{"Sign in with a second factor", "ACC-3.1, ACC-3.2", signIn},
		{"Refused without a right", "ACC-5.1", refusedFirst},
		{"A right is given", "ACC-5.2, CTI-37.4", giveRight},
		{"and used", "ACC-5.1", useRight},
		{"It opens nothing else", "USR-2.2", refusedElse},
		{"revoked, and dead", "ACC-6.2", revokeRight},
		{"Another organization sees nothing", "CTI-25", outsider},
		{"A guessing attack on one account", "USR-2.5, USR-5.2", guess},
		{"Its owner still comes in", "USR-2.5", ownerComesIn},
		{"A suspension cuts a live session", "ACC-6.1", suspend},
		{"and is lifted", "ACC-6.1", lift},
		{"'This was not me'", "ACC-10.1", notMe},
		{"A published policy is applied", "USR-0, ACC-13.1", applyPolicy},
		{"A looser setting is refused", "ACC-3.5", looserRefused},
		{"Every promise is probed on the live system", "ACC-2.1 to ACC-14.1", probeClauses},
		{"A person answers for what no program sees", attestedClause, attestSite},
		{"A control is broken on purpose", shownClause, breakControl},
		{"and mended", shownClause, mendControl},
		{"Its proof leaves the house", shownClause, proveClause},
		{"Planted faults are caught", shownClause, selfTest},
		{"How the clauses stand", "ACC", tellClauses},
		{"A request for access is answered", "CTI-7, CTI-8, KSK-4", askAccess},
		{"A share is given", "EMG-1.1, EMG-1.5", giveShare},
		{"and stopped", "EMG-1.2", stopShare},
		{"A CRM of a thousand contacts is synced", "CTI-29, CTI-30", syncCRM},
		{"A call rings, and who calls is told", "CTI-22, CTI-24", ringMember},
		{"The tool is removed, and its cards are gone", "CTI-25, CTI-32.1", unlinkCRM},
		{"A person is erased, with a receipt", "EMG-3.2", erase},
		{"and unreadable in an older copy of the database", "CTI-7, EMG-4.8", readOlderCopy},
		{"The journal proves itself", "ACC-7.1", verifyJournal},
		{"and its export, offline", "ACC-7.1", verifyExport},
	}
}
