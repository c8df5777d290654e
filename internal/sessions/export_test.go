package sessions

// UtmpRecord is a login's record as this machine's utmp has it.
func UtmpRecord(line, user, host string) []byte {
	return record(NativeLayout(), userProcess, line, user, host, 1_790_000_000)
}
