package delivery

import (
	"fmt"
	"strings"

	"msg/internal/message"
	"msg/internal/target"
)

// check refuses what no terminal should get.
func (s Sender) check(r message.Request) error {
	most, lines, patience := message.MaxBytes, message.MaxLines, message.MaxPatience
	if s.Root {
		most, lines, patience = message.MaxBytesRoot, message.MaxLinesRoot, message.MaxPatienceRoot
	}
	if err := message.CheckText(r.Text); err != nil {
		return err
	}
	problem := ""
	switch {
	case len(r.Text) > most:
		problem = fmt.Sprintf("the message is longer than %d KiB", most>>10)
	case strings.Count(r.Text, "\n") >= lines:
		problem = fmt.Sprintf("the message has more than %d lines", lines)
	case r.NoBanner && !s.Root:
		problem = "only root may leave out the banner"
	case r.AnswerTime < 0:
		problem = "a time to wait for answers that is less than none"
	case r.Typed && strings.Contains(r.Text, "\n"):
		problem = "what is typed line by line begins with one line"
	case r.Time < 0 || r.Time > patience:
		problem = fmt.Sprintf("a terminal may take %v at most", patience)
	case len(r.Targets)+len(r.Except) > message.MaxTargets && !s.Root:
		problem = fmt.Sprintf("the message has more than %d targets", message.MaxTargets)
	case !message.IsClaim(r.Says):
		problem = "who you say you are must be like alice@laptop"
	default:
		return nil
	}
	return &message.Refusal{Problem: problem}
}

// checkLine refuses a line that msg itself would not send.
func (s Sender) checkLine(line string) error {
	most := message.MaxBytes
	if s.Root {
		most = message.MaxBytesRoot
	}
	if len(line) > most || strings.Contains(line, "\n") {
		return message.Fail(message.Denied, "a line of more than %d KiB", most>>10)
	}
	return nil
}

// permitted returns the targets that the sender may send to. It reports the others.
func (s *sending) permitted() []target.Target {
	policy := s.Rules.Policy
	if policy.Unlimited {
		return s.request.Targets
	}
	var allowed []target.Target
	for _, t := range s.request.Targets {
		asked, what := policy.Send, "send messages"
		if asked.Granted && t.Kind == target.Everyone {
			asked, what = policy.Broadcast, "send to everyone"
		}
		if asked.Granted {
			allowed = append(allowed, t)
			continue
		}
		s.report(s.Host.failedTarget(t.String(), message.Denied, "only "+asked.Who+" may "+what))
	}
	return allowed
}
