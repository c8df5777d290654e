// Package peer tells who is at the other end of a Unix socket, by the kernel's word: unix(7)
// and socket(7), SO_PEERCRED and its relatives.
//
// The kernel keeps who connected, even if the socket is handed to another process later. The
// package asks nobody else, and reads nothing from the socket.
package peer

// Peer is who connected, at that moment.
type Peer struct {
	UID, GID uint32   // effective
	Groups   []uint32 // supplementary; nil before Linux 4.13
	PID      int      // 0 if the process has no number in this process namespace

	pidfd int  // -1 before Linux 6.5, or if the process was gone already
	gone  bool // it was gone already
}
