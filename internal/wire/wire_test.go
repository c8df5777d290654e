package wire

import (
	"context"
	"io"

	"msg/internal/message"
)

// serve serves one client, who has the usual time.
func serve(ctx context.Context, in Input, out io.Writer, hello Hello, send message.Send) error {
	return Service{Hello: hello, RequestTime: RequestTime, Send: send}.Serve(ctx, in, out)
}

const good = `{"protocol":1,"targets":["bob"],"text":"aGk="}`

const goodTyped = `{"protocol":2,"targets":["bob"],"text":"aGk=","typed":true}`
