await import(`data:text/javascript,${encodeURIComponent(process.env.INPUT_CODE)}`)
