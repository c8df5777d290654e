//go:build linux

package main

import (
	"errors"
	"fmt"
	"time"

	"msg/internal/peer"
	"msg/internal/sessions"
)

// who is the sender. The judge and the monitor each find it out for themselves.
type who struct {
	uid    uint32
	root   bool     // with root's overrides
	groups []uint32 // all of the process's
	self   sessions.Self
}

var errChanged = errors.New("your process has changed its user since it began the conversation")

// whoIs tells who sends, from what the kernel kept of the moment when the client connected and
// from what /proc says of its process now.
//
// What /proc says counts only if it is the process that connected, and if it has had one user
// all the time. The effective uid of a set-uid program of root's is not who sends: its real uid
// is. In any other case of two users, nobody sends: a process that connects and then runs a
// set-uid program could pass for the other user.
func whoIs(p *peer.Peer, accepted time.Duration, system sessions.System) (who, error) {
	w := who{uid: p.UID, groups: append([]uint32{p.GID}, p.Groups...)}
	facts, err := system.Of(p.PID)
	if p.PID <= 0 || err != nil || facts.Started > accepted || !p.Lives() {
		return w, nil // gone, or hidden: by uid alone
	}
	real := facts.UIDs[0]
	switch {
	case facts.UIDs == [4]uint32{w.uid, w.uid, w.uid, w.uid}:
		w.self, w.root = facts.Self, w.uid == 0 && !facts.Confined
		if w.self.Unit == ownUnit {
			w.self.Unit, w.self.Job = "", ""
		}
		if facts.Confined {
			w.self.Unit = "" // a container's own
		}
	case real == w.uid: // it runs a set-uid program by now
	case p.UID == 0:
		w.uid, w.groups = real, nil
	default:
		return w, errChanged
	}
	return w, nil
}

// ownUnit is the unit of this program. A process in it says nothing about who sends.
const ownUnit = "msgd.service"

// of returns who sends on a conversation. accepted is when it was accepted, since boot.
func of(conn int, accepted time.Duration, system sessions.System) (who, error) {
	p, err := peer.Of(conn)
	if err != nil {
		return who{}, fmt.Errorf("asking for the sender: %w", err)
	}
	defer p.Close()
	return whoIs(p, accepted, system)
}
