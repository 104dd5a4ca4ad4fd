// The AWS SDK for Go, version 2.
package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Debian's release is older than the variable for it.
func endpoint(_, region string, _ ...interface{}) (aws.Endpoint, error) {
	return aws.Endpoint{URL: os.Getenv("AWS_ENDPOINT_URL"), SigningRegion: region}, nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	pace, err := strconv.Atoi(os.Getenv("PACE_MS"))
	must(err)
	resolver := aws.EndpointResolverWithOptionsFunc(endpoint)
	settings, err := config.LoadDefaultConfig(context.Background(), config.WithEndpointResolverWithOptions(resolver))
	must(err)
	client, told, parent := sts.NewFromConfig(settings), json.NewEncoder(os.Stdout), os.Getppid()
	for os.Getppid() == parent {
		text := ""
		if _, err := client.GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{}); err != nil {
			text = err.Error()
		}
		must(told.Encode([]interface{}{float64(time.Now().UnixMilli()) / 1000, text}))
		time.Sleep(time.Duration(pace) * time.Millisecond)
	}
}
