package delivery

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"msg/internal/accounts"
	"msg/internal/banner"
	"msg/internal/sessions"
)

// Sender is who sends, by the kernel's word.
type Sender struct {
	UID   uint32
	Root  bool // has root's rights on this host; uid 0 of a container has not
	Self  sessions.Self
	Names *accounts.Directory // names the sender
}

// Myself returns the user who called this program, by the real uid, as names has them.
func Myself(names *accounts.Directory) Sender {
	uid := uint32(max(0, os.Getuid()))
	return Sender{UID: uid, Root: uid == 0, Self: sessions.Myself(), Names: names}
}

// From returns the sender as a banner would name them that knows of no terminal.
func (h Host) From(ctx context.Context, s Sender) string {
	return s.named(ctx, h, "", sessions.Picture{}).String()
}

// named returns the sender as the banner shows them: by the kernel's word, and marked as
// such, by their own.
func (s Sender) named(ctx context.Context, h Host, says string, p sessions.Picture) banner.Sender {
	b := banner.Sender{User: s.name(ctx, s.UID), Host: h.Name, Says: says}
	if says != "" {
		b.From = cmp.Or(s.Self.From, h.System.CameFrom(s.Self.Session))
	}
	if t := s.terminal(p); t != nil {
		b.Terminal = t.Name
	}
	switch {
	case s.behind(p):
		b.Note = s.name(ctx, s.Self.LoginUID)
	case b.Terminal == "":
		b.Note = s.Self.Job
	}
	return b
}

// terminal returns the sender's, nil if it is not in the picture.
func (s Sender) terminal(p sessions.Picture) *sessions.Terminal {
	for i := range p.Terminals {
		if t := &p.Terminals[i]; s.Self.Terminal != 0 && t.Device == s.Self.Terminal {
			return t
		}
	}
	return nil
}

// behind reports whether the login uid names somebody else, behind sudo or su. Any process
// may set a login uid if none is set (audit_set_loginuid in the kernel's kernel/auditsc.c).
// So of anyone but root, the owner of the terminal or of the slice has to bear it out.
func (s Sender) behind(p sessions.Picture) bool {
	login := s.Self.LoginUID
	if !s.Self.LoggedIn || login == s.UID {
		return false
	}
	if t := s.terminal(p); t != nil && t.Owner == login {
		return true
	}
	return s.Root || s.Self.InSlice && s.Self.SliceUID == login
}

// name returns a uid's name, else the number.
func (s Sender) name(ctx context.Context, uid uint32) string {
	return cmp.Or(s.Names.Name(ctx, uid), fmt.Sprint(uid))
}
