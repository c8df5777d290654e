package sessions

// Controls reports whether this process's controlling terminal, of that number, is the one below dev.
func Controls(dev string, number uint64) bool { return Self{Terminal: number}.controls(dev) }
