// Command chaincode_example02 keeps accounts with whole, non-negative amounts.
//
//	init   a 100 b 200   sets two accounts; without arguments (an upgrade) every account stays as it is
//	invoke a b 10        moves 10 from a to b
//	query  a             answers the amount as plain text
//	delete a             removes the account
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/hyperledger/fabric/core/chaincode/shim"
	pb "github.com/hyperledger/fabric/protos/peer"
)

// Accounts is the chaincode. An account is a key of the channel's state, its amount the value in decimal digits.
type Accounts struct{}

// Init sets up the accounts when the chaincode is instantiated; its arguments start with "init".
func (Accounts) Init(stub shim.ChaincodeStubInterface) pb.Response {
	function, args := stub.GetFunctionAndParameters()
	if function != "init" {
		return shim.Error(fmt.Sprintf("instantiate with init as the first argument, not %q", function))
	}
	if len(args) == 0 {
		return shim.Success(nil)
	}
	if len(args) != 4 {
		return shim.Error(fmt.Sprintf("init takes two accounts and their amounts, such as init a 100 b 200; got %d arguments", len(args)))
	}
	if args[0] == args[2] {
		return shim.Error(fmt.Sprintf("init takes two different accounts, got %q twice", args[0]))
	}
	for i := 0; i < len(args); i += 2 {
		amount, err := parseAmount(args[i+1])
		if err != nil {
			return shim.Error(err.Error())
		}
		if err := putAmount(stub, args[i], amount); err != nil {
			return shim.Error(err.Error())
		}
	}
	return shim.Success(nil)
}

// Invoke runs one of the functions.
func (Accounts) Invoke(stub shim.ChaincodeStubInterface) pb.Response {
	function, args := stub.GetFunctionAndParameters()
	switch function {
	case "invoke":
		return transfer(stub, args)
	case "query":
		return query(stub, args)
	case "delete":
		return remove(stub, args)
	}
	return shim.Error(fmt.Sprintf("unknown function %q; there are invoke, query and delete", function))
}

func transfer(stub shim.ChaincodeStubInterface, args []string) pb.Response {
	if len(args) != 3 {
		return shim.Error(fmt.Sprintf("invoke takes two accounts and an amount, such as invoke a b 10; got %d arguments", len(args)))
	}
	from, to := args[0], args[1]
	if from == to {
		return shim.Error(fmt.Sprintf("invoke moves between two different accounts, got %q twice", from))
	}
	amount, err := parseAmount(args[2])
	if err != nil {
		return shim.Error(err.Error())
	}
	fromAmount, err := getAmount(stub, from)
	if err != nil {
		return shim.Error(err.Error())
	}
	toAmount, err := getAmount(stub, to)
	if err != nil {
		return shim.Error(err.Error())
	}
	if fromAmount < amount {
		return shim.Error(fmt.Sprintf("account %q has %d, which is less than %d", from, fromAmount, amount))
	}
	if toAmount+amount < toAmount {
		return shim.Error(fmt.Sprintf("account %q cannot hold %d more", to, amount))
	}
	if err := putAmount(stub, from, fromAmount-amount); err != nil {
		return shim.Error(err.Error())
	}
	if err := putAmount(stub, to, toAmount+amount); err != nil {
		return shim.Error(err.Error())
	}
	return shim.Success(nil)
}

func query(stub shim.ChaincodeStubInterface, args []string) pb.Response {
	if len(args) != 1 {
		return shim.Error(fmt.Sprintf("query takes one account, such as query a; got %d arguments", len(args)))
	}
	amount, err := getAmount(stub, args[0])
	if err != nil {
		return shim.Error(err.Error())
	}
	return shim.Success([]byte(strconv.FormatInt(amount, 10)))
}

func remove(stub shim.ChaincodeStubInterface, args []string) pb.Response {
	if len(args) != 1 {
		return shim.Error(fmt.Sprintf("delete takes one account, such as delete a; got %d arguments", len(args)))
	}
	if _, err := getAmount(stub, args[0]); err != nil {
		return shim.Error(err.Error())
	}
	if err := stub.DelState(args[0]); err != nil {
		return shim.Error(fmt.Sprintf("account %q cannot be removed: %s", args[0], err))
	}
	return shim.Success(nil)
}

func parseAmount(text string) (int64, error) {
	amount, err := strconv.ParseInt(text, 10, 64)
	if err != nil || amount < 0 {
		return 0, fmt.Errorf("an amount is a whole number from 0 on, not %q", text)
	}
	return amount, nil
}

func getAmount(stub shim.ChaincodeStubInterface, account string) (int64, error) {
	if account == "" {
		return 0, fmt.Errorf("an account has a name")
	}
	value, err := stub.GetState(account)
	if err != nil {
		return 0, fmt.Errorf("account %q cannot be read: %s", account, err)
	}
	if value == nil {
		return 0, fmt.Errorf("there is no account %q", account)
	}
	return parseAmount(string(value))
}

func putAmount(stub shim.ChaincodeStubInterface, account string, amount int64) error {
	if account == "" {
		return fmt.Errorf("an account has a name")
	}
	if err := stub.PutState(account, []byte(strconv.FormatInt(amount, 10))); err != nil {
		return fmt.Errorf("account %q cannot be written: %s", account, err)
	}
	return nil
}

func main() {
	if err := shim.Start(Accounts{}); err != nil {
		fmt.Fprintln(os.Stderr, "the chaincode ended:", err)
		os.Exit(1)
	}
}
